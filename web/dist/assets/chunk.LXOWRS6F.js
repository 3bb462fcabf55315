import{A as o,K as i}from"./chunk.FD6CPY6E.js";function t(f={}){return i(f,o)}export{t as a};

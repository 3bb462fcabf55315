import{N as i}from"./chunk.WR57PRTA.js";import{b as o}from"./chunk.AJKLOMEI.js";function t(r={}){return i(r,o)}export{t as a};

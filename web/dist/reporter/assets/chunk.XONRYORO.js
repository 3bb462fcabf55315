import{N as i}from"./chunk.T5EBA5GZ.js";import{b as o}from"./chunk.AJKLOMEI.js";function t(r={}){return i(r,o)}export{t as a};

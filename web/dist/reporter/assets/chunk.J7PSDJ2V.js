import{O as i}from"./chunk.T2WO6QJD.js";import{b as o}from"./chunk.AJKLOMEI.js";function t(r={}){return i(r,o)}export{t as a};

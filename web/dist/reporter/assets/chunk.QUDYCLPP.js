import{O as e}from"./chunk.SR5HVXPN.js";import{b as o}from"./chunk.AJKLOMEI.js";function f(r={}){return e(r,o)}export{f as a};

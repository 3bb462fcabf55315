import{b as a}from"./chunk.AJKLOMEI.js";import"./chunk.LENSOHKL.js";import"./chunk.PLP7JRLK.js";export{a as STRICT};

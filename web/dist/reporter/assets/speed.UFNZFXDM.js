import{a}from"./chunk.TYKREXDJ.js";import"./chunk.6SJZDOFZ.js";import"./chunk.LENSOHKL.js";import"./chunk.PLP7JRLK.js";export{a as sealingSpeed};

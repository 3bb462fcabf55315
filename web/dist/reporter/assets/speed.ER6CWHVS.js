import{a}from"./chunk.KIP5E4CJ.js";import"./chunk.5ZYOS2IQ.js";import"./chunk.LENSOHKL.js";import"./chunk.PLP7JRLK.js";export{a as sealingSpeed};

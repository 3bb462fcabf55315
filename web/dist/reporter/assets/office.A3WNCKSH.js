import{a}from"./chunk.J7PSDJ2V.js";import"./chunk.T2WO6QJD.js";import"./chunk.AJKLOMEI.js";import"./chunk.LENSOHKL.js";import"./chunk.PLP7JRLK.js";export{a as loadProfile};

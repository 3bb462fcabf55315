import{a}from"./chunk.XONRYORO.js";import"./chunk.T5EBA5GZ.js";import"./chunk.AJKLOMEI.js";import"./chunk.LENSOHKL.js";import"./chunk.PLP7JRLK.js";export{a as loadProfile};

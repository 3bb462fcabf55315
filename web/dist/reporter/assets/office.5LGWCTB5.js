import{a}from"./chunk.QUDYCLPP.js";import"./chunk.SR5HVXPN.js";import"./chunk.AJKLOMEI.js";import"./chunk.LENSOHKL.js";import"./chunk.PLP7JRLK.js";export{a as loadProfile};

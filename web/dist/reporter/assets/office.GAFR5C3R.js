import{a}from"./chunk.7LGHRP7V.js";import"./chunk.WR57PRTA.js";import"./chunk.AJKLOMEI.js";import"./chunk.LENSOHKL.js";import"./chunk.PLP7JRLK.js";export{a as loadProfile};

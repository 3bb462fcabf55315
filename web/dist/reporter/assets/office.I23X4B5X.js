import{a}from"./chunk.S7WB6VL7.js";import"./chunk.WCACY2LS.js";import"./chunk.QS5N4MV5.js";import"./chunk.7BKNZIDC.js";import"./chunk.V7NF4NKE.js";export{a as loadProfile};

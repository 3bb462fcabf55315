import{a}from"./chunk.OR6FPNVZ.js";import"./chunk.3VRTWLWT.js";import"./chunk.QS5N4MV5.js";import"./chunk.7BKNZIDC.js";import"./chunk.V7NF4NKE.js";export{a as loadProfile};

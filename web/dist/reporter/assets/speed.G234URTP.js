import{a}from"./chunk.UNBBNIRX.js";import"./chunk.ZD3NGMAC.js";import"./chunk.7BKNZIDC.js";import"./chunk.V7NF4NKE.js";export{a as sealingSpeed};

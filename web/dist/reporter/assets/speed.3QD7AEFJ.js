import{a}from"./chunk.2DXZ6POC.js";import"./chunk.CTHQ2MTM.js";import"./chunk.7BKNZIDC.js";import"./chunk.V7NF4NKE.js";export{a as sealingSpeed};

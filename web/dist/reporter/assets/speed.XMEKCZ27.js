import{a}from"./chunk.4UQXEU6L.js";import"./chunk.EU2OPO5R.js";import"./chunk.7BKNZIDC.js";import"./chunk.V7NF4NKE.js";export{a as sealingSpeed};

import{a}from"./chunk.QS5N4MV5.js";import"./chunk.7BKNZIDC.js";import"./chunk.V7NF4NKE.js";export{a as isSignedBy};

import{a}from"./chunk.F5X6EA4J.js";import"./chunk.7BKNZIDC.js";import"./chunk.V7NF4NKE.js";export{a as isSignedBy};

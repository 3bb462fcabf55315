import{a}from"./chunk.7B23R5EX.js";import"./chunk.YLEC2N77.js";import"./chunk.F5X6EA4J.js";import"./chunk.7BKNZIDC.js";import"./chunk.V7NF4NKE.js";export{a as loadProfile};

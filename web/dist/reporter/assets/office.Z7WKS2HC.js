import{a}from"./chunk.V5A3NUCA.js";import"./chunk.LSILV65E.js";import"./chunk.F5X6EA4J.js";import"./chunk.7BKNZIDC.js";import"./chunk.V7NF4NKE.js";export{a as loadProfile};

import{ra as a,sa as b}from"./chunk.F364VALF.js";export{a as API,b as loadProfile};

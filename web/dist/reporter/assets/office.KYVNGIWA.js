import{a}from"./chunk.FX7EG5UF.js";import"./chunk.7J6PTZ46.js";import"./chunk.QS5N4MV5.js";import"./chunk.7BKNZIDC.js";import"./chunk.V7NF4NKE.js";export{a as loadProfile};

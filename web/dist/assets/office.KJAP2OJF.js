import{T as a,U as b}from"./chunk.YAW2KX7M.js";import"./chunk.ZJ5VYH2S.js";export{a as API,b as loadProfile};

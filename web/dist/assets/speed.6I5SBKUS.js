import{a}from"./chunk.WHIW2QXA.js";import"./chunk.FVABMNNP.js";import"./chunk.ZJ5VYH2S.js";export{a as sealingSpeed};

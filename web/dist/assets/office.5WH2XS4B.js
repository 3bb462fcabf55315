import{a}from"./chunk.H2FWEIBB.js";import"./chunk.HRLWWLVH.js";import"./chunk.CB4V2GPZ.js";import"./chunk.JV2YDEFL.js";import"./chunk.ZHROKDZJ.js";export{a as loadProfile};

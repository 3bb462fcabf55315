import{a}from"./chunk.CB4V2GPZ.js";import"./chunk.JV2YDEFL.js";import"./chunk.ZHROKDZJ.js";export{a as isSignedBy};

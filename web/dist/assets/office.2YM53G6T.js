import{a}from"./chunk.V3UP6OLW.js";import"./chunk.ABBRY3LV.js";import"./chunk.CB4V2GPZ.js";import"./chunk.JV2YDEFL.js";import"./chunk.ZHROKDZJ.js";export{a as loadProfile};

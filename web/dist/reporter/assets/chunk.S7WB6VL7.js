import{T as o}from"./chunk.WCACY2LS.js";import{a as i}from"./chunk.QS5N4MV5.js";function t(e={}){return o(e,i)}export{t as a};

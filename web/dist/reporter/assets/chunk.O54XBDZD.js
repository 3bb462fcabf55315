import{I as i}from"./chunk.GQOFEPSV.js";import{a as o}from"./chunk.QS5N4MV5.js";function t(f={}){return i(f,o)}export{t as a};

import{J as i}from"./chunk.YLEC2N77.js";import{a as o}from"./chunk.F5X6EA4J.js";function t(f={}){return i(f,o)}export{t as a};

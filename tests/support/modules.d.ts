// The page's modules by their address.
declare module "/*.js";

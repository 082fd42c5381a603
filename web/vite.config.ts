import { defineConfig, type Plugin } from 'vite';

/** While developing, answers /play/{hunt} and /board/{hunt} with their pages, as the server does. */
const routes: Plugin = {
  name: 'veltrix-routes',
  configureServer(server) {
    server.middlewares.use((request, _, next) => {
      request.url = request.url?.replace(/^\/(play|board)\/[^/?.]+(?=$|\?)/, '/$1.html') ?? '/';
      next();
    });
  },
};

export default defineConfig({
  appType: 'mpa',
  plugins: [routes],
  server: { proxy: { '/v1': { target: 'http://127.0.0.1:8080', ws: true, changeOrigin: true, rewriteWsOrigin: true } } },
  build: {
    target: 'es2022',
    // The server's Content-Security-Policy allows scripts and styles from its own files only: nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ['index.html', 'play.html', 'board.html'] },
  },
});

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.FileProviders;

namespace Veltrix.Server.Live;

/// <summary>The web pages, as built into one folder: <c>/play/{hunt}</c>, <c>/board/{hunt}</c>, the list of hunts at <c>/</c>, and <c>/assets</c>, which never change under their names.</summary>
public static class Pages
{
    // {0}: other servers, to which a live connection may be sent on.
    const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'{0}; manifest-src 'self'; "
        + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    /// <param name="folder">Null or not there: the pages were not built, which a visitor is told.</param>
    public static void MapPages(this WebApplication app, string? folder)
    {
        var built = folder is not null && File.Exists(Path.Combine(folder, "index.html"));
        if (built)
            app.UseStaticFiles(new StaticFileOptions
            {
                FileProvider = new PhysicalFileProvider(Path.GetFullPath(folder!)),
                OnPrepareResponse = served =>
                {
                    if (served.Context.Request.Path.StartsWithSegments("/assets")) served.Context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
                },
            });
        Map("/", "index.html");
        Map("/play/{hunt}", "play.html");
        Map("/board/{hunt}", "board.html");

        void Map(string route, string file) => app.MapGet(route, IResult (HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "no-cache";
            return built
                ? TypedResults.PhysicalFile(Path.GetFullPath(Path.Combine(folder!, file)), "text/html; charset=utf-8")
                : TypedResults.Text("The web pages are not built. Install Node 20 or newer and start again with ./veltrix up; the API works without them.", statusCode: 503);
        }).ExcludeFromDescription();
    }

    /// <summary>Headers of every answer: what pages may load and who may frame them.</summary>
    /// <param name="others">Addresses of other servers of this installation.</param>
    public static void UsePageHeaders(this WebApplication app, Func<IReadOnlyCollection<string>> others) => app.Use((context, next) =>
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy.Replace("{0}", string.Concat(others().Select(Socket)), StringComparison.Ordinal);
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "strict-origin-when-cross-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        return next(context);
    });

    // "http://a:1" would allow no WebSocket there.
    static string Socket(string address) => $" ws{new Uri(address).GetLeftPart(UriPartial.Authority)["http".Length..]}";
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Veltrix.Control;
using Veltrix.Server.Admission;

namespace Veltrix.Server.Organising;

/// <summary>Access keys and signing keys, for organisers of all hunts.</summary>
public static class KeyEndpoints
{
    const int NameLengthMax = 60;
    const int HuntLengthMax = 48;

    /// <summary>The end of the year 9999.</summary>
    const long UntilMax = 253_402_300_799_999;

    public static void MapKeys(this IEndpointRouteBuilder routes, ControlStore control, Keyring keyring, TimeProvider clock)
    {
        routes.MapPost("/v1/keys", (KeyRequest body, HttpRequest request) => By(request, keyring, body.Why, (who, why, cancel) => Issue(control, keyring, clock, body, who, why, cancel)))
            .Produces<KeyIssued>(201).ProducesProblem(400).ProducesProblem(401).ProducesProblem(404).ProducesProblem(503).WithSummary("Issue an access key");

        routes.MapGet("/v1/keys", async Task<IResult> (HttpRequest request) =>
        {
            if (Organiser(request, keyring) is null) return Problems.NotAllowed("organiser");
            try
            {
                var (signing, access) = await control.List(request.HttpContext.RequestAborted);
                var (keys, status) = (control.Now, control.Status);
                return TypedResults.Ok(new KeyList(
                    [.. access.Select(key => Card(control, key, clock))], [.. signing.Select(key => SigningKeyCard.Of(key, keys.Signs.Number))],
                    status.Database, status.At.ToUnixTimeMilliseconds(), status.Trouble));
            }
            catch (ControlException e)
            {
                return Problems.Of(e);
            }
        }).Produces<KeyList>().ProducesProblem(401).ProducesProblem(503).WithSummary("All access keys and signing keys there have ever been");

        routes.MapDelete("/v1/keys/{id}", (string id, HttpRequest request, string? why = null) => By(request, keyring, why, async (who, reason, cancel) =>
                TypedResults.Ok(Card(control, await control.Revoke(id, who, reason, cancel), clock))))
            .Produces<KeyCard>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(404).ProducesProblem(503).WithSummary("Take an access key back");

        routes.MapPost("/v1/signing-keys", (WhyRequest body, HttpRequest request) => By(request, keyring, body.Why, async (who, why, cancel) =>
                TypedResults.Json(Card(control, await control.Rotate(who, why, cancel)), ApiJson.Default.SigningKeyCard, statusCode: StatusCodes.Status201Created)))
            .Produces<SigningKeyCard>(201).ProducesProblem(400).ProducesProblem(401).ProducesProblem(409).ProducesProblem(503).WithSummary("Make a new signing key; older ones still verify");

        routes.MapDelete("/v1/signing-keys/{id}", (string id, HttpRequest request, string? why = null) => By(request, keyring, why, async (who, reason, cancel) =>
                TypedResults.Ok(Card(control, await control.Retire(id, who, reason, cancel)))))
            .Produces<SigningKeyCard>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(404).ProducesProblem(409).ProducesProblem(503).WithSummary("End everything that a signing key signed");
    }

    static async Task<IResult> Issue(ControlStore control, Keyring keyring, TimeProvider clock, KeyRequest body, string who, string why, CancellationToken cancel)
    {
        if (ScopeNames.Read(body.Scopes) is not { } scopes) return Bad($"scopes is a list of some of {ScopeNames.All}");
        if (body.Name is not { Length: > 0 and <= NameLengthMax } name || name.Any(char.IsControl)) return Bad($"name says whose key it is, in 1 to {NameLengthMax} characters: it stands in ledgers");
        // A key may be given before the hunt is published.
        if (body.Hunt is { Length: 0 or > HuntLengthMax }) return Bad("hunt is the id of a hunt, or absent for all hunts");
        if (body.Until > UntilMax || body.Until <= clock.GetUtcNow().ToUnixTimeMilliseconds()) return Bad("until is a time to come, in milliseconds since 1970, or absent");
        var key = await control.Issue((int)scopes, body.Hunt ?? "*", name, body.Until is { } until ? DateTimeOffset.FromUnixTimeMilliseconds(until) : null, who, why, cancel);
        return TypedResults.Json(new KeyIssued(keyring.Issue(key), Card(control, key, clock)), ApiJson.Default.KeyIssued, statusCode: StatusCodes.Status201Created);
    }

    /// <summary>What changes keys: an organiser of all hunts says why.</summary>
    static async Task<IResult> By(HttpRequest request, Keyring keyring, string? why, Func<string, string, CancellationToken, Task<IResult>> change)
    {
        if (Organiser(request, keyring) is not { } who) return Problems.NotAllowed("organiser");
        if (string.IsNullOrWhiteSpace(why) || why.Length > OrganiserEndpoints.WhyLengthMax)
            return Problems.Of(StatusCodes.Status400BadRequest, "WhyNeeded", $"why is needed, 1 to {OrganiserEndpoints.WhyLengthMax} characters: it is kept with the key");
        try
        {
            return await change(who, why, request.HttpContext.RequestAborted);
        }
        catch (ControlException e)
        {
            return Problems.Of(e);
        }
    }

    static string? Organiser(HttpRequest request, Keyring keyring) => BearerToken.Of(request, keyring) is { } grant && grant.Allows(Scopes.Organiser, "*") ? grant.Subject : null;

    static KeyCard Card(ControlStore control, AccessKey key, TimeProvider clock) => KeyCard.Of(key, control.Now.Verify.Any(signing => signing.Id == key.SignedBy), clock.GetUtcNow());

    static SigningKeyCard Card(ControlStore control, SigningKey key) => SigningKeyCard.Of(key, control.Now.Signs.Number);

    static IResult Bad(string detail) => Problems.Of(StatusCodes.Status400BadRequest, "BadMember", detail);
}

using System.Text.Json.Nodes;
using Veltrix.Hosting;
using Veltrix.Hunts;

namespace Veltrix.Cli;

/// <summary>What bots need to play a hunt: the answers, and a key that reads the ledger afterwards. Form: <c>docs/reference/http.md</c>.</summary>
static class AnswersFile
{
    public static void Write(DataHome folder, HuntDefinition hunt, string auditKey)
    {
        var challenges = hunt.Challenges.Select(challenge => (JsonNode)new JsonObject
        {
            ["id"] = challenge.Id,
            ["answer"] = challenge.Answer.Accepted[0],
            ["requires"] = new JsonArray([.. challenge.Requires.Select(index => (JsonNode)hunt.Challenges[index].Id)]),
        });
        var file = new JsonObject { ["hunt"] = hunt.Id, ["audit_key"] = auditKey, ["challenges"] = new JsonArray([.. challenges]) };
        var path = folder.AnswersFile(hunt.Id);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        SecretFile.Write(path, file.ToJsonString());
    }
}

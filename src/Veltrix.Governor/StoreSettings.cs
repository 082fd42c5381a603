using Veltrix.Gate;
using Veltrix.Hosting;

namespace Veltrix.Governor;

/// <summary>What the settings say of the shared store, the same in every process that opens it.</summary>
public static class StoreSettings
{
    /// <param name="options">With the address, which is the command line's.</param>
    /// <exception cref="ConfigException">The file with the password is missing, unreadable or empty.</exception>
    public static GateStoreOptions With(this GateStoreOptions options, Settings settings) => options with
    {
        MemoryBudget = settings.Get(Keys.RedisBudget),
        Password = SecretFile.Read(Keys.RedisPasswordFile, settings),
        CaFile = settings.Get(Keys.RedisCaFile) is { Length: > 0 } authority ? authority : null,
    };
}

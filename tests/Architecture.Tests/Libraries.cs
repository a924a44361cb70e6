using System.Reflection;
using Compat.Adapters.Runners;
using Compat.Legacy;
using Compat.Torch.Data;

namespace Compat.Architecture.Tests;

/// <summary>The assemblies of the libraries.</summary>
internal static class Libraries
{
    public static IReadOnlyList<Assembly> All { get; } =
        [typeof(DataBatch).Assembly, typeof(Compat.Engine.Runner).Assembly, typeof(LogBuffer).Assembly, typeof(RunnerAdapterExtensions).Assembly];
}

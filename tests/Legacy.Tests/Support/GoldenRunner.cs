using System.Text.Json;
using Compat.Legacy.Runners;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Support;

/// <summary>Makes the runner that a golden case names.</summary>
public static class GoldenRunner
{
    public static bool IsByIter(JsonElement golden) => GoldenCases.Text(golden, "runner") == "IterBasedRunner";

    /// <summary>Makes it; without a name it is the one by epoch.</summary>
    public static WorkflowRunner Make(nn.Module model, JsonElement golden, int? max, RunnerOptions options) => IsByIter(golden)
        ? new IterBasedRunner(model, options with { MaxIters = max })
        : new EpochBasedRunner(model, options with { MaxEpochs = max });

    /// <summary>Makes it with the limit of the case, <c>max_epochs</c> or <c>max_iters</c>.</summary>
    public static WorkflowRunner Make(nn.Module model, JsonElement golden, RunnerOptions options) =>
        Make(model, golden, golden.GetProperty(IsByIter(golden) ? "max_iters" : "max_epochs").GetInt32(), options);
}

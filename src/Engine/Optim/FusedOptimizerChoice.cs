using Compat.Torch.Optim;
using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>One of our optimizers, and how it computes. The settings alone do where <see cref="Implementation.Auto"/> is right.</summary>
/// <param name="Options">The settings; they say which optimizer it is.</param>
/// <param name="Implementation">How the update is computed. The default is <see cref="Implementation.Auto"/>.</param>
public sealed record FusedOptimizerChoice(FusedOptimizerOptions Options, Implementation Implementation = Implementation.Auto) : OptimizerOptions
{
    /// <inheritdoc/>
    public override optim.Optimizer Build(IReadOnlyList<ParameterGroup> groups) => Options.Build(groups, Implementation);
}

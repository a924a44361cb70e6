using TorchSharp.Modules;

namespace Compat.Torch.Optim;

/// <summary>Parameters that share settings, to make an optimizer with several groups.</summary>
/// <typeparam name="TOptions">The settings of the optimizer.</typeparam>
/// <param name="Parameters">The parameters. Borrowed.</param>
/// <param name="Options">Their settings.</param>
[HoldsTensors("owner: the model, whose parameters these are")]
public sealed record ParameterGroup<TOptions>(IEnumerable<Parameter> Parameters, TOptions Options)
    where TOptions : FusedOptimizerOptions;

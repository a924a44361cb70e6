using Compat.Adapters.Diagnostics;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Torch.Optim;
using static TorchSharp.torch;

namespace Compat.Adapters.Optim;

/// <summary>Shows the engine the learning rates of optimizers that somebody else steps.</summary>
/// <remarks>
/// Preserves: everything; a legacy hook or the model updates the weights as before.
/// Changes: nothing.
/// Rejects: <see cref="UpdateParams"/>; two owners of the step would update twice (COMPAT0201).
/// </remarks>
internal sealed class PassThroughOptimWrapper : BaseOptimWrapper
{
    private readonly string owner;
    private readonly LrEntry[] lrEntries;

    public PassThroughOptimWrapper(OptimizerSet? optimizer, string owner)
    {
        this.owner = owner;
        lrEntries = [.. (optimizer?.All ?? []).Select(entry => new LrEntry(entry.Key.Length == 0 ? "lr" : $"{entry.Key}.lr", OptimizerGroup.Of(entry.Value)))];
    }

    public override IReadOnlyList<LrEntry> LrEntries => lrEntries;

    public override IReadOnlyList<OptimizerGroup> ParamGroups => [.. lrEntries.SelectMany(entry => entry.Groups)];

    public override void UpdateParams(Tensor loss) => throw new CompatException(new CompatDiagnostic(
        "COMPAT0201",
        $"UpdateParams was called, but {owner} updates the weights already: each iteration would update twice. "
        + "Remove one of the two."));
}

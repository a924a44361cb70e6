using Compat.Adapters.Diagnostics;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using static TorchSharp.torch;

namespace Compat.Adapters.Optim;

/// <summary>Shows the engine the learning rates of optimizers that somebody else steps.</summary>
/// <remarks>
/// Preserves: everything; a legacy hook or the model updates the weights as before. Saved is the optimizer's own state, by name if there are several.
/// Changes: nothing.
/// Rejects: <see cref="UpdateParams"/> and its parts; two owners of the step would update twice (COMPAT0201).
/// </remarks>
internal sealed class PassThroughOptimWrapper : BaseOptimWrapper
{
    private readonly OptimizerSet? optimizers;
    private readonly string owner;
    private readonly LrEntry[] lrEntries;

    public PassThroughOptimWrapper(OptimizerSet? optimizers, string owner)
    {
        this.optimizers = optimizers;
        this.owner = owner;
        lrEntries = [.. (optimizers?.All ?? []).Select(entry => new LrEntry(entry.Key.Length == 0 ? "lr" : $"{entry.Key}.lr", OptimizerGroup.Of(entry.Value)))];
    }

    public override IReadOnlyList<LrEntry> LrEntries => lrEntries;

    public override IReadOnlyList<OptimizerGroup> ParamGroups => [.. lrEntries.SelectMany(entry => entry.Groups)];

    /// <summary>Gets whether gradients stay; who updates the weights decides, so setting it changes nothing.</summary>
    public override bool KeepGradients
    {
        get => true;
        set
        {
        }
    }

    public override void UpdateParams(Tensor loss) => throw TwoOwners(nameof(UpdateParams));

    public override void Backward(Tensor loss) => throw TwoOwners(nameof(Backward));

    public override void Step() => throw TwoOwners(nameof(Step));

    public override void ZeroGrad() => throw TwoOwners(nameof(ZeroGrad));

    public override PthDict SaveState()
    {
        PthDict state = [];
        foreach ((string name, optim.Optimizer optimizer) in optimizers?.All ?? [])
        {
            if (!optimizers!.IsNamed)
            {
                return optimizer.SaveState();
            }

            state[name] = optimizer.SaveState();
        }

        return state;
    }

    public override void LoadState(PthDict state)
    {
        (optim.Optimizer Optimizer, PthDict State)[] pairs =
            [.. (optimizers?.All ?? []).Select(entry => (entry.Value, optimizers!.IsNamed ? StateOf(state, entry.Key) : state))];
        foreach ((optim.Optimizer optimizer, PthDict own) in pairs)
        {
            optimizer.LoadState(own);
        }
    }

    public override PthDict SaveProgress() => [];

    public override void LoadProgress(PthDict progress)
    {
    }

    private static PthDict StateOf(PthDict state, string name) => state.TryGetValue(name, out PthValue? own) && own is PthDict found
        ? found
        : throw new PthException($"The state has no optimizer '{name}'. Load the state of a trainer with the same optimizers.");

    private CompatException TwoOwners(string method) => new(new CompatDiagnostic(
        "COMPAT0201",
        $"{method} was called, but {owner} updates the weights already: each iteration would update twice. "
        + "Remove one of the two."));
}

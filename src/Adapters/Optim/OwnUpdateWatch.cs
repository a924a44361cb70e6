using Compat.Adapters.Diagnostics;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Torch;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Adapters.Optim;

/// <summary>Notices that a legacy model updates its weights in its own step although somebody else will update them after it.</summary>
/// <remarks>
/// Two signs together: the step reached for the optimizer that it was given, and meanwhile parameters of that optimizer were written to (or it made a step, if
/// it is one of ours). One alone is no sign: a step may read the learning rate, or clamp weights. A model that keeps an optimizer of its own is not noticed.
/// </remarks>
[HoldsTensors("owner: the model, whose parameters these are")]
internal sealed class OwnUpdateWatch
{
    private readonly FusedOptimizer[] fused;
    private readonly Tensor[] parameters;
    private readonly long writes;
    private bool reached;

    public OwnUpdateWatch(OptimizerSet optimizers)
    {
        parameters = [.. optimizers.All.SelectMany(entry => OptimizerGroup.Of(entry.Value)).SelectMany(group => group.Parameters)];
        fused = [.. optimizers.All.Select(entry => entry.Value).OfType<FusedOptimizer>()];
        writes = Writes;
        Optimizers = optimizers.Watched(() => reached = true);
    }

    /// <summary>Gets the optimizers to hand to the step.</summary>
    public OptimizerSet Optimizers { get; }

    private long Writes => WriteCount.Of(parameters) + fused.Sum(optimizer => optimizer.StepCount);

    /// <summary>Gets whether the model has updated its weights.</summary>
    public bool HasUpdated => reached && Writes != writes;

    /// <summary>Refuses a second owner, after the step and before the update.</summary>
    /// <param name="model">The name of the model.</param>
    /// <param name="wrapper">The engine's wrapper.</param>
    /// <exception cref="CompatException">The model has updated its weights: COMPAT0201.</exception>
    public void Check(string model, BaseOptimWrapper wrapper)
    {
        if (HasUpdated)
        {
            throw new CompatException(UpdateOwnerCheck.TwoOwners(
                $"{model} updates the weights in its own TrainStep, and {UpdateOwnerCheck.Name(wrapper)} updates them after it"));
        }
    }
}

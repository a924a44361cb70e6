using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>Settings of <see cref="OptimWrapper"/>.</summary>
/// <remarks>The settings of a wrapper that does more are a record that derives from this one, as <see cref="AmpOptimWrapperOptions"/>; <c>with</c> keeps the kind.</remarks>
public record OptimWrapperOptions : BaseOptimWrapperOptions
{
    /// <summary>Gets the optimizer to build.</summary>
    public required OptimizerOptions Optimizer { get; init; }

    /// <summary>Gets how many iterations add up their gradients before one update.</summary>
    /// <value>At least 1. The default is 1: update at every iteration.</value>
    public int AccumulativeCounts { get; init; } = 1;

    /// <summary>
    /// Gets how often each iteration calls <see cref="BaseOptimWrapper.UpdateParams"/>. Only accumulation needs it: it decides where the last window begins.
    /// </summary>
    /// <value>At least 1. The default is 1. Without accumulation an iteration may call it as often as it likes.</value>
    public int UpdatesPerIteration { get; init; } = 1;

    /// <summary>Gets the clipping of gradients before each update.</summary>
    /// <value>The default is <see langword="null"/>: no clipping.</value>
    public GradClipOptions? ClipGrad { get; init; }

    /// <summary>Gets when gradients are cleared.</summary>
    /// <value>The default is <see cref="ZeroGradTiming.AfterStep"/>.</value>
    public ZeroGradTiming ZeroGradTiming { get; init; } = ZeroGradTiming.AfterStep;

    /// <summary>Gets whether cleared gradients become null rather than zero.</summary>
    /// <value>
    /// The default is <see langword="true"/>, as in PyTorch ≥ 2. With zeros, momentum and weight decay still move a parameter that gets no gradient.
    /// </value>
    public bool SetToNone { get; init; } = true;

    /// <inheritdoc/>
    public override BaseOptimWrapper Build(nn.Module model) => new OptimWrapper(this, model);

    /// <summary>Refuses numbers out of range.</summary>
    /// <param name="parameter">The name of the caller's argument.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    internal void Check(string parameter)
    {
        if (AccumulativeCounts < 1)
        {
            throw new ArgumentOutOfRangeException(
                parameter,
                AccumulativeCounts,
                $"AccumulativeCounts is {AccumulativeCounts}; it must be at least 1. Use 1 to update at every iteration.");
        }

        if (UpdatesPerIteration < 1)
        {
            throw new ArgumentOutOfRangeException(
                parameter,
                UpdatesPerIteration,
                $"UpdatesPerIteration is {UpdatesPerIteration}; it must be at least 1. Set it to how often an iteration calls UpdateParams.");
        }

        if (ClipGrad?.FindFault() is { } fault)
        {
            throw new ArgumentOutOfRangeException(parameter, fault);
        }
    }
}

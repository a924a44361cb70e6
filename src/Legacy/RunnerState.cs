using Compat.Torch;
using Compat.Torch.Data;
using Compat.Torch.Training;

namespace Compat.Legacy;

/// <summary>Where a runner stands. A runner of this library writes it itself; a façade on another engine derives from it and reads that engine's.</summary>
/// <remarks>Counters count from 0 and advance after the hooks of an iteration or epoch.</remarks>
[HoldsTensors("owner: the iteration's dispose scope")]
public class RunnerState
{
    /// <summary>Gets what announces the moments of an update that no hook sees.</summary>
    /// <value>A probe of its own. A state that stands for another engine gives that engine's, so that both have the same listeners.</value>
    public virtual IterationProbe Probe { get; } = new();

    /// <summary>Gets or sets the number of finished epochs.</summary>
    public virtual int Epoch { get; set; }

    /// <summary>Gets or sets the number of finished iterations.</summary>
    public virtual int Iter { get; set; }

    /// <summary>Gets or sets the position of the batch in its epoch.</summary>
    public virtual int InnerIter { get; set; }

    /// <summary>Gets or sets how many epochs are trained.</summary>
    public virtual int? MaxEpochs { get; set; }

    /// <summary>Gets or sets how many iterations are trained.</summary>
    public virtual int? MaxIters { get; set; }

    /// <summary>Gets or sets what is running: <c>train</c>, <c>val</c>, or nothing yet.</summary>
    public virtual string? Mode { get; set; }

    /// <summary>Gets or sets the loader of the present epoch.</summary>
    public virtual BatchLoader? DataLoader { get; set; }

    /// <summary>Gets or sets the batch of the present iteration; <see langword="null"/> between iterations.</summary>
    public virtual DataBatch? DataBatch { get; set; }

    /// <summary>Gets or sets what the step of the present iteration returned; <see langword="null"/> between iterations.</summary>
    public virtual StepOutputs? Outputs { get; set; }
}

using Compat.Torch;
using Compat.Torch.Data;

namespace Compat.Legacy;

/// <summary>Where a runner stands: everything about it that changes while it runs.</summary>
/// <remarks>
/// <para>Counters count from 0 and advance after the hooks of an iteration or epoch.</para>
/// <para>A runner writes its state itself. Who drives a runner from outside, as another engine does, derives from this type, overrides what that engine
/// knows, and hands it over with <see cref="Runners.BaseRunner.UseState"/>: hooks and models then see the engine's counters in the runner that they know.</para>
/// </remarks>
[HoldsTensors("owner: the iteration's dispose scope")]
public class RunnerState
{
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

    /// <summary>Begins an iteration, before its hooks are called.</summary>
    /// <param name="innerIter">The position of the batch in its epoch, from 0.</param>
    /// <param name="batch">The batch. Borrowed.</param>
    public void BeginIter(int innerIter, DataBatch batch)
    {
        InnerIter = innerIter;
        DataBatch = batch;
    }

    /// <summary>Ends an iteration, after its hooks were called. The counters stay.</summary>
    public void EndIter()
    {
        // MMCV leaves outputs in place until the next step; here its tensors end with the iteration.
        DataBatch = null;
        Outputs = null;
    }
}

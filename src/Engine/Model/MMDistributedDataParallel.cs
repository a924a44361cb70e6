using Compat.Engine.Optim;
using Compat.Torch;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Training;

namespace Compat.Engine.Model;

/// <summary>Lets several processes train one model: all start with the weights of process 0, and make each update with the mean of their gradients.</summary>
/// <remarks>
/// <para>The gradients are averaged by the <see cref="OptimWrapper"/>, once per update, before they are clipped. So one that derives from this, with a
/// <see cref="TrainStep"/> of its own, computes losses with <see cref="Loss"/> and calls <see cref="BaseOptimWrapper.UpdateParams"/> as often as it likes.</para>
/// <para>Losses and log values are those of each process; process 0 writes its own. Unlike MMEngine's, it lets the model make its own step, if it has one. Source:
/// MMEngine <c>MMDistributedDataParallel</c>.</para>
/// </remarks>
[HoldsTensors("owner: the model")]
public class MMDistributedDataParallel : ModelWrapper
{
    private readonly bool broadcastBuffers;
    private long averagedBefore = -1;

    /// <summary>Checks that all processes have the same model, and gives all of them the parameters and buffers of process 0.</summary>
    /// <param name="module">The model, on its device. Borrowed.</param>
    /// <param name="collectives">What the processes do together.</param>
    /// <param name="options">The settings; <see langword="null"/>, the default, for the default ones.</param>
    /// <exception cref="InvalidOperationException">The models of two processes differ. All processes throw it.</exception>
    public MMDistributedDataParallel(BaseModel module, ICollectives collectives, MMDistributedDataParallelOptions? options = null)
        : base(module)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(collectives);
        options ??= new();
        Collectives = collectives;
        broadcastBuffers = options.BroadcastBuffers;
        Replica = new ModelReplica(module.StateModule, collectives, options.FindUnusedParameters);
    }

    /// <summary>Gets what the processes do together.</summary>
    public ICollectives Collectives { get; }

    /// <summary>Gets what averages gradients.</summary>
    public ModelReplica Replica { get; }

    /// <inheritdoc/>
    public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        ShareBuffers();
        return base.TrainStep(data, optimWrapper);
    }

    /// <inheritdoc/>
    public override LossDict Loss(DataBatch data)
    {
        ShareBuffers();
        return base.Loss(data);
    }

    // As DistributedDataParallel, before a forward, unless the forward before it led to no exchange of gradients.
    private void ShareBuffers()
    {
        if (broadcastBuffers && averagedBefore != Replica.AverageCount)
        {
            Replica.BroadcastBuffers();
        }

        averagedBefore = Replica.AverageCount;
    }
}

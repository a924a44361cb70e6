namespace Compat.Engine.Model;

/// <summary>Settings of <see cref="MMSeparateDistributedDataParallel"/>, which leaves buffers to each process unless told otherwise.</summary>
public record MMSeparateDistributedDataParallelOptions : MMDistributedDataParallelOptions
{
    /// <summary>Makes the default settings: <see cref="MMDistributedDataParallelOptions.BroadcastBuffers"/> is <see langword="false"/>.</summary>
    public MMSeparateDistributedDataParallelOptions() => BroadcastBuffers = false;

    /// <inheritdoc/>
    public override BaseModel Wrap(BaseModel model, ModelWrapperContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new MMSeparateDistributedDataParallel(model, context.Collectives, this);
    }
}

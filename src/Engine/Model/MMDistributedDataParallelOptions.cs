namespace Compat.Engine.Model;

/// <summary>Settings of <see cref="MMDistributedDataParallel"/>. Those of a wrapper that derives from it derive from this and override <see cref="Wrap"/>.</summary>
public record MMDistributedDataParallelOptions : ModelWrapperOptions
{
    /// <summary>Gets whether trainable parameters may get no gradient in an update.</summary>
    /// <value>
    /// The default is <see langword="false"/>: it is an error in all processes, before the update. With <see langword="true"/>, a parameter that got one in some
    /// processes counts as zero in the others, and one that got none anywhere stays as it is.
    /// </value>
    public bool FindUnusedParameters { get; init; }

    /// <summary>Gets whether all processes take over the buffers of process 0, such as the statistics of batch norm, before each forward in training.</summary>
    /// <value>The default is <see langword="true"/>. A runner that is given no wrapper at all chooses <see langword="false"/>, as MMEngine's does.</value>
    public bool BroadcastBuffers { get; init; } = true;

    /// <inheritdoc/>
    public override BaseModel Wrap(BaseModel model, ModelWrapperContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new MMDistributedDataParallel(model, context.Collectives, this);
    }
}

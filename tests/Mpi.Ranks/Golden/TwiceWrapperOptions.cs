using Compat.Engine.Model;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>Settings of <see cref="TwiceWrapper"/>.</summary>
internal sealed record TwiceWrapperOptions(double Scale) : MMDistributedDataParallelOptions
{
    public override BaseModel Wrap(BaseModel model, ModelWrapperContext context) => new TwiceWrapper(model, context.Collectives, this);
}

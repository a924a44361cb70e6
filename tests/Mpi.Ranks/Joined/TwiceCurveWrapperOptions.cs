using Compat.Engine.Model;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>Settings of <see cref="TwiceCurveWrapper"/>.</summary>
internal sealed record TwiceCurveWrapperOptions(double Scale) : MMDistributedDataParallelOptions
{
    public override BaseModel Wrap(BaseModel model, ModelWrapperContext context) => new TwiceCurveWrapper(model, context.Collectives, this);
}

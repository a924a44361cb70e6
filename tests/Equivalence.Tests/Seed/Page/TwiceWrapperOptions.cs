using Compat.Engine.Model;

namespace Compat.Equivalence.Tests.Seed.Page;

internal sealed record TwiceWrapperOptions : ModelWrapperOptions
{
    public override BaseModel Wrap(BaseModel model, ModelWrapperContext context) =>
        new TwiceWrapper(model, context.Collectives);
}

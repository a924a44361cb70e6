using Compat.Api.Tests.Support;
using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Api.Tests.Engine;

public sealed class PreprocessorTests
{
    [Fact]
    public void A_preprocessor_of_ones_own_changes_what_is_trained_on()
    {
        float plain = LineRun.WeightAfter(options => options);
        float unshifted = LineRun.WeightAfter(options => options, new ShiftPreprocessor(0));
        float shifted = LineRun.WeightAfter(options => options, new ShiftPreprocessor(0.5f));

        unshifted.Should().Be(plain);
        shifted.Should().NotBe(plain);
    }

    [Fact]
    public void An_image_preprocessor_of_ones_own_goes_on_from_what_the_base_prepared()
    {
        using DisposeScope scope = NewDisposeScope();
        using FlippingPreprocessor preprocessor = new();
        NamedBatch batch = new(KeyValuePair.Create("inputs", tensor(new float[] { 3, 5 }).reshape(1, 1, 1, 2)));

        preprocessor.Process(batch, training: true).Tensors[0].data<float>().ToArray().Should().Equal(2, 1);
        preprocessor.Process(batch, training: false).Tensors[0].data<float>().ToArray().Should().Equal(1, 2);
        preprocessor.PrepareAll(ones(1, 1, 2), ones(1, 2, 1)).shape.Should().Equal(2, 1, 2, 2);
    }
}

using System.Collections;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Training;

public sealed class LogVarsTests
{
    [Fact]
    public void Values_keep_the_order_in_which_they_were_first_set()
    {
        LogVars vars = new() { ["b"] = 1, ["a"] = 2 };

        vars["b"] = 3;

        vars.Names.Should().Equal("b", "a");
        vars.Count.Should().Be(2);
        vars["b"].Number.Should().Be(3);
    }

    [Fact]
    public void A_tensor_of_one_element_and_any_shape_is_taken()
    {
        using DisposeScope scope = NewDisposeScope();
        LogVars vars = new() { ["flat"] = ones(1), ["deep"] = ones(1, 1, 1), ["scalar"] = tensor(2.5) };

        vars["deep"].Read().Should().Be(1);
        vars["scalar"].Read().Should().Be(2.5);
    }

    [Theory]
    [InlineData(2, 3, "[2, 3]")]
    [InlineData(0, 1, "[0, 1]")]
    public void A_tensor_of_another_number_of_elements_is_refused(int rows, int columns, string shape)
    {
        using DisposeScope scope = NewDisposeScope();
        LogVars vars = [];

        Action act = () => vars["loss"] = ones(rows, columns);

        act.Should().Throw<ArgumentException>().WithParameterName("value").WithMessage(
            $"The log value 'loss' has shape {shape}; a log value has one element. Reduce it, for example with .mean(), or log its elements under "
            + "names of their own.*");
        vars.Count.Should().Be(0);
    }

    [Fact]
    public void A_missing_value_is_named_with_those_that_are_there()
    {
        LogVars vars = new() { ["loss"] = 1, ["acc"] = 2 };

        Func<LogValue> act = () => vars["Loss"];

        act.Should().Throw<KeyNotFoundException>().WithMessage("There is no log value 'Loss'. Values present: loss, acc.");
    }

    [Fact]
    public void Trying_tells_whether_there_is_a_value()
    {
        LogVars vars = new() { ["loss"] = 4 };

        vars.TryGetValue("loss", out LogValue found).Should().BeTrue();
        found.Number.Should().Be(4);
        vars.TryGetValue("acc", out LogValue missing).Should().BeFalse();
        missing.Number.Should().Be(0);
    }

    [Fact]
    public void The_number_of_samples_is_unknown_unless_set_and_never_negative()
    {
        LogVars vars = [];
        vars.NumSamples.Should().BeNull();
        vars.NumSamples = 0;
        vars.NumSamples.Should().Be(0);

        Action act = () => vars.NumSamples = -1;

        act.Should().Throw<ArgumentOutOfRangeException>().WithParameterName("NumSamples");
    }

    [Fact]
    public void All_ways_of_enumerating_give_the_same()
    {
        LogVars vars = new() { ["b"] = 1, ["a"] = 2 };
        List<string> names = [];
        foreach (KeyValuePair<string, LogValue> entry in vars)
        {
            names.Add(entry.Key);
        }

        names.Should().Equal("b", "a");
        vars.Select(entry => entry.Value.Number).Should().Equal(1, 2);
        ((IEnumerable)vars).Cast<KeyValuePair<string, LogValue>>().Select(entry => entry.Key).Should().Equal("b", "a");
    }
}

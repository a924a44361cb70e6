using Compat.Torch.Serialization;

namespace Compat.Torch.Tests.Serialization;

public sealed class PthDictTests
{
    [Fact]
    public void An_entry_that_is_set_again_keeps_its_place()
    {
        PthDict dict = new() { ["a"] = 1, ["b"] = 2 };

        dict["a"] = 3;

        dict.Select(entry => $"{((PthText)entry.Key).Value}{((PthInteger)entry.Value).Value}").Should().Equal("a3", "b2");
    }

    [Fact]
    public void Numbers_and_truth_values_of_yours_are_keys_by_their_kind()
    {
        PthDict dict = [];

        dict.Set(1, "whole");
        dict.Set(1.0, "float");
        dict.Set(true, "truth");
        dict.Set(1, "again");

        dict.Select(entry => ((PthText)entry.Value).Value).Should().Equal("again", "float", "truth");
    }

    [Fact]
    public void A_missing_entry_is_named_beside_those_present()
    {
        PthDict dict = new() { ["a"] = 1 };

        Action read = () => _ = dict["b"];

        read.Should().Throw<KeyNotFoundException>().WithMessage("There is no entry 'b'. Entries present: a.");
        dict.TryGetValue("b", out _).Should().BeFalse();
    }

    // With a search through all entries this takes half a minute, so it would be noticed without a clock.
    [Fact]
    public void Hundreds_of_thousands_of_entries_are_set_and_found()
    {
        PthDict dict = [];
        for (int i = 0; i < 300_000; i++)
        {
            dict[$"entry{i}"] = i;
        }

        Enumerable.Range(0, 300_000).Should().OnlyContain(i => ((PthInteger)dict[$"entry{i}"]).Value == i);
    }
}
